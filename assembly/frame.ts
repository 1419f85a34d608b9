//  A Neighbor Solicitation or Advertisement on Ethernet, offsets from the Ethernet destination
//  (RFC 2464 §3, RFC 8200 §3, RFC 4861 §4.3 and §4.4)
//
//   0              6              12          14
//  ┌──────────────┬──────────────┬───────────┐
//  │ destination  │ source       │ ethertype │
//  └──────────────┴──────────────┴───────────┘
//   14        18       20     21    22            38                 54
//  ┌─────────┬────────┬──────┬─────┬─────────────┬──────────────────┐
//  │ version │ length │ next │ hop │ source (16) │ destination (16) │
//  └─────────┴────────┴──────┴─────┴─────────────┴──────────────────┘
//   54     55     56         58         62              78
//  ┌──────┬──────┬──────────┬──────────┬───────────────┬──────────┐
//  │ type │ code │ checksum │ flags    │ target (16)   │ options… │
//  └──────┴──────┴──────────┴──────────┴───────────────┴──────────┘
//
//  WebAssembly loads little-endian, so a field of two bytes or more is compared with its bytes
//  read from the right: ethertype 86dd is 0xdd86 here.

export const ETHERNET_DESTINATION: usize = 0;
export const ETHERNET_SOURCE: usize = 6;
export const ETHERTYPE: usize = 12;

export const VERSION: usize = 14;
export const PAYLOAD_LENGTH: usize = 18;
export const NEXT_HEADER: usize = 20;
export const HOP_LIMIT: usize = 21;
export const SOURCE: usize = 22;
export const DESTINATION: usize = 38;

export const TYPE: usize = 54;
export const CODE: usize = 55;
export const CHECKSUM: usize = 56;
export const FLAGS: usize = 58;
export const TARGET: usize = 62;
export const OPTIONS: usize = 78;

/** Bytes of the Ethernet header. */
export const ETHERNET_HEADER: i32 = 14;
/** Bytes before the ICMPv6 message: the Ethernet header and the IPv6 header. */
export const HEADERS: i32 = 54;
/** Bytes of a solicitation before its options, headers included. */
export const SOLICITATION: i32 = 78;
/** Bytes of the advertisement: the fixed fields and one target link-layer address option. */
export const ADVERTISEMENT: i32 = 86;

export const ETHERTYPE_IPV6: u32 = 0xdd86;
export const ICMPV6: u32 = 58;
export const NEIGHBOR_SOLICITATION: u32 = 135;
export const SOURCE_LINK_LAYER_ADDRESS: u32 = 1;
