// Draws the arithmetic and the counts as an SVG that has colours for light and for dark pages.
import { solicitationsOf } from "./arithmetic.js";

/** The numbers of hosts between which lines are drawn. */
const SIZES = [...Array.from({ length: 19 }, (_, power) => 2 ** (power + 1)), 1_000_000];

const [WIDTH, HEIGHT] = [830, 580];
const [LEFT, RIGHT, TOP, BOTTOM] = [80, 780, 90, 470];
const ZERO = 510; // a logarithm has no place for it: a band of its own below
const [DECADES_X, DECADES_Y] = [6, 18];

const x = (/** @type {number} */ hosts) => LEFT + ((RIGHT - LEFT) * Math.log10(hosts)) / DECADES_X;
const y = (/** @type {number} */ number) =>
  number === 0 ? ZERO : BOTTOM - ((BOTTOM - TOP) * Math.log10(number)) / DECADES_Y;

/**
 * The picture, as SVG.
 *
 * @param {import("./run.js").Result[]} counts
 */
export function plot(counts) {
  const names = /** @type {const} */ (["flooded", "snooped", "emulated"]);
  const lines = names.map((name) => {
    const points = SIZES.map(
      (hosts) => `${x(hosts).toFixed(1)} ${y(solicitationsOf(hosts)[name]).toFixed(1)}`,
    );
    return `<path class="line ${name}" d="M${points.join("L")}"/>`;
  });
  const dots = counts.flatMap(({ hosts, flooded, emulated }) => [
    dot("flooded", x(hosts), y(flooded)),
    dot("emulated", x(hosts), y(emulated)),
  ]);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title desc">
<title id="title">Neighbor Solicitations that reach other hosts until each of them has talked to each other</title>
<desc id="desc">Logarithmic axes, 2 to a million hosts. Where multicast is flooded, they grow with the third power of the hosts; with MLD snooping and RFC 4193 addresses, with the second; with emulation there are none. Without and with emulation, they were counted for up to 16 hosts.</desc>
<style>
svg { --paper: #ffffff; --ink: #1f2328; --grid: #d1d9e0; --flooded: #c4320a; --snooped: #0969da; --emulated: #1a7f37; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #0d1117; --ink: #e6edf3; --grid: #3d444d; --flooded: #ff8a5c; --snooped: #6cb6ff; --emulated: #4ac26b; }
}
text { font: 14px system-ui, sans-serif; fill: var(--ink); }
.heading { font-size: 16px; font-weight: 600; }
.label { paint-order: stroke; stroke: var(--paper); stroke-width: 5px; }
.grid { stroke: var(--grid); }
.line { fill: none; stroke-width: 2.5; }
.flooded { stroke: var(--flooded); } .snooped { stroke: var(--snooped); } .emulated { stroke: var(--emulated); }
circle { fill: var(--paper); stroke: var(--ink); stroke-width: 2.5; }
</style>
<rect width="${WIDTH}" height="${HEIGHT}" fill="var(--paper)"/>
<text class="heading" x="20" y="32">Neighbor Solicitations that reach other hosts until each has talked to each other</text>
${dot("", 28, 57)}
<text x="42" y="62">counted in network namespaces; lines are arithmetic</text>
${[...gridX(), ...gridY()].join("\n")}
<rect x="${LEFT}" y="${ZERO - 17}" width="${RIGHT - LEFT}" height="34" fill="var(--grid)" fill-opacity="0.35"/>
<text x="${LEFT - 10}" y="${ZERO + 5}" text-anchor="end">0</text>
${[...lines, ...dots].join("\n")}
${label("multicast flooded, all addresses", 9_000, 1.5e12, "end")}
${label("MLD snooping, RFC 4193 addresses", 6_000, 1.5e6, "start")}
<text x="${x(1000).toFixed(1)}" y="${ZERO - 5}">emulation: none, both kinds of address</text>
<text x="${(LEFT + RIGHT) / 2}" y="${HEIGHT - 12}" text-anchor="middle">hosts</text>
</svg>
`;
}

function gridX() {
  return Array.from({ length: DECADES_X + 1 }, (_, power) => {
    const place = x(10 ** power).toFixed(1);
    return (
      `<path class="grid" d="M${place} ${TOP}V${BOTTOM}"/>` +
      `<text x="${place}" y="${ZERO + 37}" text-anchor="middle">${(10 ** power).toLocaleString("en")}</text>`
    );
  });
}

function gridY() {
  return Array.from({ length: DECADES_Y / 3 + 1 }, (_, step) => {
    const place = y(10 ** (3 * step));
    const power = step === 0 ? "1" : `10<tspan dy="-5" font-size="10">${3 * step}</tspan>`;
    return (
      `<path class="grid" d="M${LEFT} ${place.toFixed(1)}H${RIGHT}"/>` +
      `<text x="${LEFT - 10}" y="${(place + 5).toFixed(1)}" text-anchor="end">${power}</text>`
    );
  });
}

/** @param {string} name @param {number} cx @param {number} cy */
function dot(name, cx, cy) {
  return `<circle class="${name}" cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="4.5"/>`;
}

/**
 * @param {string} text
 * @param {number} hosts
 * @param {number} number
 * @param {string} anchor
 */
function label(text, hosts, number, anchor) {
  return `<text class="label" x="${x(hosts).toFixed(1)}" y="${y(number).toFixed(1)}" text-anchor="${anchor}">${text}</text>`;
}
