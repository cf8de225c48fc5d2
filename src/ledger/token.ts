/** An ERC-20 token: a stranger's contract, of which nothing is believed but what a person chose it for. */
import { Contract, formatUnits, Interface, parseUnits } from "ethers";

import { UserError } from "../errors.ts";
import type { Provider } from "./connect.ts";
import { endpointError } from "./errors.ts";

export const tokenInterface = new Interface([
  "function decimals() view returns (uint8)",
  "function symbol() view returns (string)",
  "function balanceOf(address) view returns (uint256)",
  "function allowance(address owner, address spender) view returns (uint256)",
  "function approve(address spender, uint256 amount) returns (bool)",
]);

/** What amounts of the contract `Stakes` can be at most: 128 bits. */
const MAX_AMOUNT = 2n ** 128n - 1n;

export class Token {
  readonly address: string;
  /** A short plain word, whatever the token says. */
  readonly symbol: string;
  /** None where the token does not tell: amounts are then in its smallest unit. */
  readonly decimals: number | undefined;
  readonly #contract: Contract;

  private constructor(contract: Contract, address: string, symbol: string, decimals: number | undefined) {
    this.#contract = contract;
    this.address = address;
    this.symbol = symbol;
    this.decimals = decimals;
  }

  static async at(provider: Provider, address: string): Promise<Token> {
    const contract = new Contract(address, tokenInterface, provider);
    const ask = async (method: string): Promise<unknown> => {
      try {
        return (await contract.getFunction(method).staticCall()) as unknown;
      } catch (error) {
        const failure = endpointError(error);
        if (failure) throw failure;
        return undefined;
      }
    };
    const [symbol, decimals] = await Promise.all([ask("symbol"), ask("decimals")]);
    // It is shown on terminals.
    const isPlain = typeof symbol === "string" && /^[\x21-\x7e]{1,16}$/.test(symbol);
    const isUsual = typeof decimals === "bigint" && decimals <= 77n;
    return new Token(contract, address, isPlain ? symbol : "tokens", isUsual ? Number(decimals) : undefined);
  }

  async balanceOf(owner: string): Promise<bigint> {
    return (await this.#contract.getFunction("balanceOf").staticCall(owner)) as bigint;
  }

  async allowance(owner: string, spender: string): Promise<bigint> {
    return (await this.#contract.getFunction("allowance").staticCall(owner, spender)) as bigint;
  }

  /** An amount in the token's units, exactly: 1.5 is 1.5 tokens. */
  format(amount: bigint): string {
    return formatUnits(amount, this.decimals ?? 0).replace(/\.0$/, "");
  }

  /**
   * The amount that a text in the token's units names.
   * @param what which one, for the error
   * @throws UserError where it is finer than the token, or more than 128 bits
   */
  parse(text: string, what: string): bigint {
    const digits = this.decimals ?? 0;
    if ((text.split(".")[1] ?? "").length > digits) {
      throw new UserError("amount", `${what} ${text} is finer than ${this.symbol} at ${this.address} can be`, {
        remedy: `give at most ${digits} digits after the point`,
      });
    }
    const amount = parseUnits(text, digits);
    if (amount > MAX_AMOUNT) {
      throw new UserError("amount", `${what} ${text} is more than the contract can hold`, {
        remedy: `give at most ${this.format(MAX_AMOUNT)}`,
      });
    }
    return amount;
  }
}
