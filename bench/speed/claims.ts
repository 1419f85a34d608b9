// What a peer sends, by what it is, and the names under which both checks of it are timed.

/** How many times the check of the source alone both checks may take. The first two kinds make no claim. */
export const CLAIMS = { TCP: 1.75, "echo request": 1.75, advertisement: 3.25, solicitation: 3.25 };

export type Claim = keyof typeof CLAIMS;

export const withClaims = (kind: string) => `${kind}, source and claims`;
export const withoutClaims = (kind: string) => `${kind}, source alone`;
