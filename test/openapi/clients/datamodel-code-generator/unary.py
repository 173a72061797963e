import sys
from urllib.request import urlopen

from api.market.v1 import Quote

with urlopen(f"{sys.argv[1]}/v1/quotes/AAPL") as response:
    quote = Quote.model_validate_json(response.read())
print(quote.model_dump_json())
