// What a peer sends, by what it is, and the names under which the check of its sender is timed.

/** How many times a reply the check may take in the core. The last two speak of a neighbour, and are looked at whole. */
export const SENDERS = { TCP: 1, "echo request": 1, advertisement: 1.25, solicitation: 1.25 };

export type Sent = keyof typeof SENDERS;

export const PERMITS_REPLY = "reply, beside the check of senders";
export const permittedInCore = (kind: string) => `${kind}, permits in the core`;
export const permittedByBindings = (kind: string) => `${kind}, permitsSource`;
