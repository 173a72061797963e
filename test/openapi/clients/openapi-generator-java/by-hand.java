import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import org.openapitools.client.ApiClient;
import org.openapitools.client.model.MarketV1Trade;

class ByHand {
  public static void main(String[] args) throws Exception {
    var json = ApiClient.createDefaultObjectMapper();
    var request = HttpRequest.newBuilder(URI.create(args[0] + "/v1/trades/AAPL:watch"))
        .header("Accept", "application/jsonl")
        .build();
    var trades = new ArrayList<MarketV1Trade>();
    try (var lines = HttpClient.newHttpClient().send(request, BodyHandlers.ofLines()).body()) {
      for (var line : (Iterable<String>) lines.limit(3)::iterator) {
        trades.add(json.readValue(line, MarketV1Trade.class));
      }
    }
    System.out.println(json.writeValueAsString(trades));
    System.exit(0);
  }
}
