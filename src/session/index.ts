// puretls/session: what makes sessions last, on one machine or a fleet.

export { memorySessionCache } from './client-cache.ts'
export type { MemorySessionCache, MemorySessionCacheOptions } from './client-cache.ts'
export type {
  ClientSessionCache,
  ReplayGuard,
  ResumptionRequest,
  ServerSessionStore,
  TicketProtector,
} from './interfaces.ts'
export { memoryReplayGuard } from './replay-guard.ts'
export type { MemoryReplayGuardOptions } from './replay-guard.ts'
export { sharedReplayGuard } from './shared-replay-guard.ts'
export type { SharedReplayGuardOptions } from './shared-replay-guard.ts'
export { memoryStore } from './memory-store.ts'
export type { MemoryStoreOptions } from './memory-store.ts'
export { memcachedStore, redisStore, sharedSessions, withTimeout } from './shared-store.ts'
export type { IoredisLike, MemjsLike, NodeRedisLike, SharedStore } from './shared-store.ts'
export { decodeSession, encodeSession } from './state.ts'
export type { SessionState } from './state.ts'
export { sharedTicketKeys } from './shared-ticket-keys.ts'
export { givenTicketKeys, rotatingTicketKeys } from './ticket-keys.ts'
export type { TicketKey, TicketKeyOptions } from './ticket-keys.ts'
