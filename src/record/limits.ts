// Lengths of records (RFC 9846 section 5.1), apart from the code that cuts them, for those who check options.

export const RECORD_HEADER_LENGTH = 5
/** Most bytes of plaintext in a record. */
export const MAX_PLAINTEXT = 16384
/** The most that record_size_limit may say: content and the byte of its type (RFC 8449 section 4). */
export const MAX_RECORD_SIZE_LIMIT: number = MAX_PLAINTEXT + 1
/** Most bytes that protection may add: TLS 1.3 256, TLS 1.2 2048 (RFC 5246 section 6.2.3). */
export const MAX_EXPANSION_13 = 256
export const MAX_EXPANSION_12 = 2048
