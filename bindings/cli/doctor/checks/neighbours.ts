import { setTimeout as delay } from "node:timers/promises";
import { found, type HostCheck, right, sysctl } from "../check.ts";

/** Room for what a host with many peers needs; the kernel's own is 1024. */
const ROOMY = { gc_thresh1: 8192, gc_thresh2: 16384, gc_thresh3: 32768 };

/** How full the table may be before it is said. */
const NEARLY_FULL = 0.8;

const SECOND_LOOK_MILLISECONDS = 1000;

/** Whether the kernel's neighbour table, one for all namespaces, has room. */
export const neighbours: HostCheck = {
  name: "neighbours",
  async run(state) {
    const { entries, fulls } = state.neighbourTable();
    const most = state.setting("net/ipv6/neigh/default/gc_thresh3");
    const isSmall = most < ROOMY.gc_thresh3;
    if (entries < most * NEARLY_FULL && (fulls === 0 || !isSmall))
      return [right(`the neighbour table has ${entries} entries, and room for ${most}`)];
    // The kernel counts since the machine started: only a second look tells whether it is so now.
    if (fulls > 0) await delay(SECOND_LOOK_MILLISECONDS);
    const since = state.neighbourTable().fulls - fulls;
    return [
      found({
        what: whatOf({ entries, fulls, since, most }),
        why: "Every remote container takes an entry, and all IPv6 of all namespaces stops while the table is full.",
        // The largest first: the kernel allows any order, but collects by the others.
        mend: Object.entries(ROOMY)
          .reverse()
          .map(([name, value]) =>
            sysctl(`net/ipv6/neigh/default/${name}`, Math.max(value, isSmall ? 0 : most * 2)),
          ),
      }),
    ];
  },
};

function whatOf({
  entries,
  fulls,
  since,
  most,
}: Record<"entries" | "fulls" | "since" | "most", number>): string {
  if (since > 0)
    return `The IPv6 neighbour table is full: it lacked room ${since} times within a second, and has room for ${most} entries.`;
  if (fulls > 0)
    return `The IPv6 neighbour table has been full ${fulls} times since the machine started; it has room for ${most} entries.`;
  return `The IPv6 neighbour table has ${entries} entries, and room for ${most}.`;
}
