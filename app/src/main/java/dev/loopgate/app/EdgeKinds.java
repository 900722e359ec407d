package dev.loopgate.app;

import dev.loopgate.proxy.AddressRange;
import dev.loopgate.proxy.Edge;
import dev.loopgate.proxy.Forwarding;
import java.util.ArrayList;
import java.util.List;

/// What values of settings of the door's edge look like: who stands in front of it.
final class EdgeKinds {
  private EdgeKinds() {}

  /// How many proxies in front are believed.
  record Hops() implements Kind<Integer> {
    @Override
    public Integer parse(Raw raw) {
      String text = Kind.text(raw, allowed());
      if (text.equals("all")) {
        return Edge.ALL_HOPS;
      }
      if (!text.matches("[0-9]{1,2}") || Integer.parseInt(text) > Edge.HOPS_MAX) {
        throw new NotAllowedException(allowed());
      }
      return Integer.parseInt(text);
    }

    @Override
    public String label() {
      return "COUNT";
    }

    @Override
    public String allowed() {
      return "all, or 0 to " + Edge.HOPS_MAX;
    }
  }

  /// In which headers models are told of the caller.
  record Headers() implements Kind<Forwarding> {
    @Override
    public Forwarding parse(Raw raw) {
      return switch (Kind.text(raw, allowed())) {
        case "x-forwarded" -> Forwarding.X_FORWARDED;
        case "forwarded" -> Forwarding.FORWARDED;
        case "both" -> Forwarding.BOTH;
        case "none" -> Forwarding.NONE;
        default -> throw new NotAllowedException(allowed());
      };
    }

    @Override
    public String label() {
      return "WORD";
    }

    @Override
    public String allowed() {
      return "x-forwarded, forwarded, both, none";
    }
  }

  /// A list of address ranges: a YAML list, or one text with commas; empty for none.
  record Ranges() implements Kind<List<AddressRange>> {
    private static final int MAX = 64;

    @Override
    public List<AddressRange> parse(Raw raw) {
      List<AddressRange> ranges = new ArrayList<>();
      switch (raw) {
        case Raw.Text(String _, String text) -> {
          if (!text.isBlank()) {
            for (String range : text.split(",", -1)) {
              ranges.add(checked(range.strip()));
            }
          }
        }
        case Raw.Items(String _, List<Raw> items) -> {
          for (Raw item : items) {
            ranges.add(checked(Kind.text(item, allowed())));
          }
        }
        case Raw.Fields _ -> throw new NotAllowedException(allowed());
      }
      if (ranges.size() > MAX) {
        throw new NotAllowedException(allowed());
      }
      return List.copyOf(ranges);
    }

    private AddressRange checked(String range) {
      try {
        return AddressRange.parse(range);
      } catch (IllegalArgumentException _) {
        throw new NotAllowedException(allowed());
      }
    }

    @Override
    public String label() {
      return "RANGES";
    }

    @Override
    public String allowed() {
      return "at most "
          + MAX
          + " addresses or ranges without host bits, like 10.0.0.0/8, separated by commas (in a file also a"
          + " list), or empty for none";
    }
  }
}
