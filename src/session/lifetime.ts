// How long a session may live, for those who check options and tickets.

/**
 * Seconds, seven days: the longest life of a session or ticket, and the longest time until the certificates behind it
 * are looked at again, however often it is renewed (RFC 9846 section 4.7.1). */
export const MAX_SESSION_LIFETIME = 604_800
