/**
 * An exchange that trades twenty times a second. A trade is a function of its number, so that a server
 * that was restarted remembers every trade since the exchange opened, as one with a database would.
 */
export class Exchange {
  readonly #opened: number;

  /** `opened` is in milliseconds since the epoch. */
  constructor(opened: number) {
    this.#opened = opened;
  }

  /** The number of the last trade. */
  get last(): number {
    return Math.floor((Date.now() - this.#opened) / INTERVAL_MS);
  }

  price(symbol: string, sequence: number = this.last): number {
    const base = 50 + ([...symbol].reduce((sum, c) => sum * 31 + c.charCodeAt(0), 7) % 200);
    return Math.round((base + 5 * Math.sin(sequence / 9)) * 100) / 100;
  }

  /** The trades that follow a number, those of the past at once and then each as it happens. */
  async *trades(symbol: string, after: number, sleep: (ms: number) => Promise<void>) {
    for (let sequence = after + 1; ; sequence++) {
      while (sequence > this.last) {
        await sleep(INTERVAL_MS / 2);
      }
      yield {
        sequence: BigInt(sequence),
        symbol,
        price: this.price(symbol, sequence),
        size: 10 * (1 + ((sequence * 7) % 20)),
      };
    }
  }
}

const INTERVAL_MS = 50;
