import { HDNodeWallet, type BaseWallet } from "ethers";

/** The accounts that every Hardhat chain funds: their keys are public, so they are for local chains only. */
export const DEV_MNEMONIC = "test test test test test test test test test test test junk";

export function devAccount(index: number): BaseWallet {
  return HDNodeWallet.fromPhrase(DEV_MNEMONIC, undefined, `m/44'/60'/0'/0/${index}`);
}
