/**
 * The media type to answer with: of `offers`, the server's preference first, the one that the
 * `Accept` header rates highest (RFC 9110, section 12.5.1). Undefined when it excludes all of them.
 */
export function negotiate(accept: string | null, offers: readonly string[]): string | undefined {
  // Some clients send an empty one; it says no more than none.
  if (accept === null || accept.trim() === "") {
    return offers[0];
  }
  const ranges = accept.split(",").map((text) => parseRange(text, offers));
  let best: string | undefined;
  let bestQuality = 0;
  for (const offer of offers) {
    const quality = qualityOf(offer, ranges);
    if (quality > bestQuality) {
      best = offer;
      bestQuality = quality;
    }
  }
  return best;
}

interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

function parseRange(text: string, offers: readonly string[]): MediaRange {
  const [name = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  // A parameter counts where an offer has it: `charset=utf-8` excludes nothing.
  const named = parameters.map((parameter) => `${name}; ${parameter.replace(/"/g, "")}`);
  const type = named.find((type) => offers.includes(type)) ?? name;
  const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? "1";
  return { type, quality: /^(0(\.\d*)?|1(\.0*)?)$/.test(quality) ? Number(quality) : 0 };
}

/**
 * The most specific range that takes a type decides: `text/*;q=0` beside a range for everything excludes text. A type
 * with a parameter is only for clients that ask for the parameter.
 */
function qualityOf(type: string, ranges: readonly MediaRange[]): number {
  const wildcards = type.includes(";") ? [] : [`${type.slice(0, type.indexOf("/"))}/*`, "*/*"];
  const candidates = [type, ...wildcards];
  for (const candidate of candidates) {
    const range = ranges.find((each) => each.type === candidate);
    if (range !== undefined) {
      return range.quality;
    }
  }
  return 0;
}
