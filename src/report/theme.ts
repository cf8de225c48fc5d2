/**
 * Colours and sizes of the picture. The hues are after Okabe and Ito (2008), distinct under the common forms of colour
 * blindness; what a colour says, a shape says too: dashes, hollow points, a tick, a cross, a dash.
 */
export const colour = {
  paper: "#ffffff",
  ink: "#1b2430",
  quiet: "#5a6573",
  grid: "#e4e8ed",
  test: "#0072b2",
  vote: "#c65102",
  approve: "#8fd4b4",
  approveMark: "#0b5a41",
  reject: "#c8402f",
  rejectMark: "#ffffff",
  absent: "#dfe3e8",
  absentMark: "#77818d",
  proposer: "#24303f",
  acceptedMark: "#8ff0c4",
  rejectedMark: "#ff9d8c",
  skippedMark: "#c9d1da",
} as const;

export const fontSize = { title: 18, text: 12, small: 11 } as const;

/** What the reader's system has; no font is loaded. */
export const fontFamily =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif";
