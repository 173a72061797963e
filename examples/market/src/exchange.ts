/**
 * An exchange where each symbol trades twenty times a second. A trade is a function of its number: so a server that was
 * restarted knows every trade since the exchange opened, as one with a database would.
 */

const names: Readonly<Record<string, string>> = {
  AAPL: "Apple",
  AMD: "Advanced Micro Devices",
  AMZN: "Amazon",
  ASML: "ASML",
  GOOG: "Alphabet",
  IBM: "IBM",
  INTC: "Intel",
  META: "Meta",
  MSFT: "Microsoft",
  NFLX: "Netflix",
  NVDA: "NVIDIA",
  ORCL: "Oracle",
  SAP: "SAP",
  SHOP: "Shopify",
  SONY: "Sony",
  TSLA: "Tesla",
};

/** The symbols that are traded. */
export const symbols: readonly string[] = Object.keys(names);

const OPENED_MS = Date.UTC(2025, 0, 1);
const INTERVAL_MS = 50;
const TRADES_PER_HOUR = 3_600_000 / INTERVAL_MS;

/** The streams of trades that are open, by symbol. */
const watchers = new Map<string, number>();

/** The number of the last trade. All symbols trade at the same time. */
export function lastSequence(): number {
  return Math.floor((Date.now() - OPENED_MS) / INTERVAL_MS);
}

export function quote(symbol: string) {
  const now = price(symbol, lastSequence());
  const before = price(symbol, lastSequence() - TRADES_PER_HOUR);
  return {
    symbol,
    price: now,
    changePercent: round((now / before - 1) * 100),
    watchers: watchers.get(symbol) ?? 0,
    name: names[symbol] ?? "",
  };
}

/** The trades after a number: those of the past at once, and then each as it happens. */
export async function* trades(symbol: string, after: number, sleep: (ms: number) => Promise<void>) {
  watchers.set(symbol, (watchers.get(symbol) ?? 0) + 1);
  try {
    for (let sequence = after + 1; ; sequence++) {
      while (sequence > lastSequence()) {
        await sleep(INTERVAL_MS / 2);
      }
      yield {
        sequence: BigInt(sequence),
        symbol,
        price: price(symbol, sequence),
        size: 10 * Math.ceil(20 * random(`${symbol} size`, sequence) ** 3),
        timeMs: BigInt(OPENED_MS + sequence * INTERVAL_MS),
      };
    }
  } finally {
    // Runs however the stream ends: the client left, the connection broke, or the server drains.
    watchers.set(symbol, (watchers.get(symbol) ?? 1) - 1);
  }
}

/** A walk that looks random: waves of all lengths from two trades to some hours, the longer the higher. */
function price(symbol: string, sequence: number): number {
  let logarithm = Math.log(60 + 240 * random(symbol, 0));
  for (let octave = 1; octave <= 18; octave++) {
    const position = sequence / 2 ** octave;
    const index = Math.floor(position);
    const part = position - index;
    const [from, to] = [random(symbol + octave, index), random(symbol + octave, index + 1)];
    logarithm += 0.0001 * 2 ** (octave / 2) * (from + (to - from) * part * part * (3 - 2 * part) - 0.5);
  }
  return round(Math.exp(logarithm));
}

/** The same number from 0 to 1 for the same key and index: FNV-1a, then the finalizer of MurmurHash3. */
function random(key: string, index: number): number {
  let hash = 0x811c9dc5 ^ index;
  for (let at = 0; at < key.length; at++) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
