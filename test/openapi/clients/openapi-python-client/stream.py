import json
import sys
from itertools import islice

from api.api.market_service import market_service_watch_trades
from api.client import Client
from api.models.trade import Trade

client = Client(base_url=sys.argv[1], headers={"Accept": "application/jsonl"})
# The functions of the operation wait for the end of the body; what they send can be streamed.
request = market_service_watch_trades._get_kwargs(symbol="AAPL")
with client.get_httpx_client().stream(**request) as response:
    trades = [Trade.from_dict(json.loads(line)) for line in islice(response.iter_lines(), 3)]
print(json.dumps([trade.to_dict() for trade in trades]))
