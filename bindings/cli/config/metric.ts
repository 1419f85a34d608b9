/** Behind every other route, such as that of a bridge or of ZeroTier's interface, which the kernel gives 256. */
export const LAST_METRIC = 4096;
