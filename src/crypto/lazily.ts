// Modules that are loaded when they are first needed.

import type { MaybePromise } from './provider.ts'

/** Loads once: a promise until it is there, and no promise after that. A load that failed is tried again. */
export const lazily = <T>(load: () => Promise<T>): (() => MaybePromise<T>) => {
  let loaded: { readonly value: T } | undefined
  let loading: Promise<T> | undefined
  const start = async (): Promise<T> => {
    try {
      const value = await load()
      loaded = { value }
      return value
    } finally {
      loading = undefined
    }
  }
  return () => (loaded ? loaded.value : (loading ??= start()))
}
