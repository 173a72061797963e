import { MarketServiceClient } from "../gen/market/v1/market_client";
import { QuoteServiceClient } from "../gen/market/v1/quotes_client";
import { byId } from "./elements";
import { TradePanel } from "./trade-panel";
import { WatchList } from "./watch-list";

const market = new MarketServiceClient({ baseUrl: "/" });
const panels = new Map<string, TradePanel>();
const watchList = new WatchList(new QuoteServiceClient({ baseUrl: "/" }), {
  isChosen: (symbol) => panels.has(symbol),
  onClick: (symbol) => (panels.has(symbol) ? closePanel(symbol) : openPanel(symbol)),
});

// The address of the page says what it shows: ?symbols=AAPL,MSFT
const chosen = new URLSearchParams(location.search).get("symbols") ?? "AAPL";
for (const symbol of new Set(chosen.split(",").filter(Boolean))) {
  openPanel(symbol);
}

function openPanel(symbol: string): void {
  const panel = new TradePanel(market, symbol, () => closePanel(symbol));
  panels.set(symbol, panel);
  byId("panels").append(panel.element);
  onPanelsChanged();
}

function closePanel(symbol: string): void {
  panels.get(symbol)?.close();
  panels.delete(symbol);
  onPanelsChanged();
}

function onPanelsChanged(): void {
  byId("hint").hidden = panels.size > 0;
  history.replaceState(null, "", `?symbols=${[...panels.keys()].join(",")}`);
}

// The state of a stream is read where it is drawn. A hidden tab draws nothing.
requestAnimationFrame(function render() {
  watchList.render();
  for (const panel of panels.values()) {
    panel.render();
  }
  requestAnimationFrame(render);
});

// Why wait for the next attempt when the network is back, or somebody looks at the page?
addEventListener("online", retry);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && retry());

function retry(): void {
  for (const { connection } of [watchList, ...panels.values()]) {
    connection.retry();
  }
}
