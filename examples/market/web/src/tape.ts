import { setText } from "./elements";
import { formatTime, type Trade } from "./trade";

const ROWS = 12;

/** The last trades, the newest first. */
export class Tape {
  readonly #rows: readonly HTMLTableRowElement[];
  #trades: readonly Trade[] = [];

  constructor(table: HTMLElement) {
    this.#rows = Array.from({ length: ROWS }, () => {
      const row = document.createElement("tr");
      row.append(...[1, 2, 3].map(() => document.createElement("td")));
      return row;
    });
    table.append(...this.#rows);
  }

  add(trades: readonly Trade[]): void {
    // One more than there are rows: the last row shows whether its price rose, too.
    this.#trades = [...this.#trades, ...trades].slice(-ROWS - 1);
  }

  render(): void {
    for (const [index, row] of this.#rows.entries()) {
      const trade = this.#trades.at(-1 - index);
      if (trade === undefined) {
        return;
      }
      const { time, price, size } = trade;
      const before = this.#trades.at(-2 - index)?.price ?? price;
      const texts = [formatTime(time), price.toFixed(2), String(size)];
      for (const [column, cell] of [...row.cells].entries()) {
        setText(cell, texts[column] ?? "");
      }
      row.className = price > before ? "up" : price < before ? "down" : "";
    }
  }
}
