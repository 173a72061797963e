import json
import sys
from itertools import islice
from urllib.request import Request, urlopen

from api.market.v1 import Trade

request = Request(f"{sys.argv[1]}/v1/trades/AAPL:watch", headers={"Accept": "application/jsonl"})
with urlopen(request) as response:
    trades = [Trade.model_validate_json(line) for line in islice(response, 3)]
print(json.dumps([trade.model_dump(mode="json") for trade in trades]))
