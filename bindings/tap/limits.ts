// What a TAP can be told, in numbers: sixplane/tap and the command line each refuse the rest in their own words.

/** In bytes: below it there is no IPv6 (RFC 8200 §5). */
export const LEAST_MTU = 1280;

/** In replies a second. */
export const MOST_REPLIES = 1_000_000;
