import {
  CandlestickSeries,
  ColorType,
  createChart,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type UTCTimestamp,
} from "lightweight-charts";
import { formatTime, type Trade } from "./trade";

/** The trades of one second. */
interface Bar {
  readonly time: UTCTimestamp;
  readonly open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

/** The chart keeps twice as many at the most, for as long as the page is open. */
const KEPT_BARS = 600;

const darkMode = matchMedia("(prefers-color-scheme: dark)");

/** A chart of prices and volumes, with a bar for each second. It draws in the next frame, and not in a hidden tab. */
export class PriceChart {
  readonly #chart: IChartApi;
  readonly #prices: ISeriesApi<"Candlestick">;
  readonly #volumes: ISeriesApi<"Histogram">;
  #bars: Bar[] = [];

  constructor(element: HTMLElement) {
    this.#chart = createChart(element, {
      autoSize: true,
      layout: { attributionLogo: false }, // the footer of the page names the library
      localization: { timeFormatter: formatSeconds },
      timeScale: { barSpacing: 8, rightOffset: 3, tickMarkFormatter: formatSeconds },
    });
    this.#prices = this.#chart.addSeries(CandlestickSeries, { borderVisible: false });
    this.#volumes = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: "volume",
      priceFormat: { type: "volume" },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.#prices.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.24 } });
    this.#volumes.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.#applyColors();
    darkMode.addEventListener("change", this.#applyColors);
  }

  /** Adds trades, the oldest first. */
  add(trades: readonly Trade[]): void {
    const firstChanged = Math.max(0, this.#bars.length - 1);
    for (const { price, size, time } of trades) {
      const second = Math.floor(time.getTime() / 1000) as UTCTimestamp; // the chart's name for seconds
      const bar = this.#bars.at(-1);
      if (bar === undefined || bar.time < second) {
        this.#bars.push({ time: second, open: price, high: price, low: price, close: price, volume: size });
      } else {
        bar.high = Math.max(bar.high, price);
        bar.low = Math.min(bar.low, price);
        bar.close = price;
        bar.volume += size;
      }
    }
    if (this.#bars.length > 2 * KEPT_BARS) {
      this.#bars = this.#bars.slice(-KEPT_BARS);
      this.#prices.setData(this.#bars);
      this.#volumes.setData(this.#bars.map(toVolume));
      return;
    }
    for (const bar of this.#bars.slice(firstChanged)) {
      this.#prices.update(bar);
      this.#volumes.update(toVolume(bar));
    }
  }

  remove(): void {
    darkMode.removeEventListener("change", this.#applyColors);
    this.#chart.remove();
  }

  /** Takes the colors from the style sheet. */
  readonly #applyColors = (): void => {
    const style = getComputedStyle(document.body);
    const color = (name: string) => style.getPropertyValue(`--${name}`);
    const [up, down, line] = [color("up"), color("down"), color("line")];
    this.#chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: color("surface") },
        textColor: color("muted"),
        fontFamily: style.fontFamily,
      },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
      rightPriceScale: { borderColor: line },
      timeScale: { borderColor: line },
    });
    this.#prices.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down });
    this.#volumes.applyOptions({ color: color("volume") });
  };
}

function toVolume({ time, volume }: Bar) {
  return { time, value: volume };
}

function formatSeconds(seconds: unknown): string {
  return formatTime(new Date(Number(seconds) * 1000));
}
