package corpus;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** What the generators of Java share: the key, the times, and the form of their output. */
final class Out {
  static final String KID = System.getenv("JWT_KID");
  static final byte[] KEY = System.getenv("JWT_SECRET_KEY").getBytes();
  static final long NOW = Long.parseLong(System.getenv("JWT_NOW"));
  static final long EXP = NOW + 3600;

  private final Map<String, String> made = new LinkedHashMap<>();
  private final List<String> notMade = new ArrayList<>();

  static Date at(long seconds) {
    return new Date(seconds * 1000);
  }

  void add(String name, Callable<String> make) {
    try {
      made.put(name, make.call());
    } catch (Exception error) {
      notMade.add(name + ": " + error.getClass().getSimpleName());
    }
  }

  void print(String library, String version) throws Exception {
    Map<String, Object> fixture = new LinkedHashMap<>();
    fixture.put("language", "Java");
    fixture.put("library", library);
    fixture.put("version", version);
    fixture.put("jwts", made);
    fixture.put("notMade", notMade);
    System.out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(fixture));
  }
}
