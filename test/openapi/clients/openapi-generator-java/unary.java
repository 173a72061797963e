import com.fasterxml.jackson.databind.ObjectMapper;
import org.openapitools.client.ApiClient;
import org.openapitools.client.api.MarketServiceApi;

class Unary {
  public static void main(String[] args) throws Exception {
    var client = new ApiClient();
    client.updateBaseUri(args[0]);
    var quote = new MarketServiceApi(client).marketServiceGetQuote("AAPL");
    System.out.println(new ObjectMapper().writeValueAsString(quote));
  }
}
