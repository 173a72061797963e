import json
import sys

from api.api.market_service import market_service_get_quote
from api.client import Client
from api.models.quote import Quote

quote = market_service_get_quote.sync(client=Client(base_url=sys.argv[1]), symbol="AAPL")
assert isinstance(quote, Quote)
print(json.dumps(quote.to_dict()))
