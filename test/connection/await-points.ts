// Everything that one end of a connection waits for, as numbered points: reads and writes of the stream, calls of the
// provider, callbacks, stores. One of them can be given a fate: to be the moment of an abort, never to be answered, to
// fail. await-points.test.ts goes through all of them.

import type { AeadCipher, CryptoProvider, MaybePromise, Signer } from '../../src/crypto/provider.ts'
import type { ByteStream } from '../../src/stream/types.ts'

/** What happens at the point: the connection is aborted there, and the answer comes all the same, or fails; no answer
 * ever comes; the answer is an error; the answer is nonsense. */
export type Fate = 'aborted' | 'aborted, then fails' | 'never answered' | 'fails' | 'throws' | 'nonsense'

export class Points {
  readonly names: string[] = []
  readonly #at: number
  readonly #fate: Fate | undefined
  readonly #abort: () => void
  /** The point that met its fate. */
  met: string | undefined

  constructor(at = -1, fate?: Fate, abort: () => void = () => undefined) {
    this.#at = at
    this.#fate = fate
    this.#abort = abort
  }

  pass<T>(name: string, run: () => MaybePromise<T>): Promise<T> {
    const isHere = this.names.push(name) - 1 === this.#at
    if (isHere) this.met = name
    if (isHere && this.#fate === 'throws') throw new Error(broken)
    return isHere ? this.#meet(run) : turn().then(run)
  }

  async #meet<T>(run: () => MaybePromise<T>): Promise<T> {
    await turn()
    if (this.#fate === 'never answered') return new Promise(() => undefined)
    if (this.#fate === 'nonsense') return 'nonsense' as T
    if (this.#fate !== 'fails') {
      this.#abort()
      await turn()
    }
    if (this.#fate === 'aborted') return run()
    throw new Error(broken)
  }
}

export const broken = 'broken by the test'

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A stream that notes how it was let go of. */
export interface WatchedStream extends ByteStream {
  readonly state: { closed: boolean; aborted: boolean; ended: boolean; usedAfterAbort: string | undefined }
}

export const watchedStream = (stream: ByteStream, points: Points): WatchedStream => {
  const state: WatchedStream['state'] = { closed: false, aborted: false, ended: false, usedAfterAbort: undefined }
  const use = <T>(name: string, run: () => Promise<T>): Promise<T> => {
    if (state.aborted) state.usedAfterAbort ??= name
    return points.pass(`stream.${name}`, run)
  }
  return {
    state,
    read: () =>
      use('read', async () => {
        const data = await stream.read()
        if (data === null) state.ended = true
        return data
      }),
    write: (data) => use('write', () => stream.write(data)),
    close: () =>
      use('close', () => {
        state.closed = true
        return stream.close()
      }),
    abort: (reason) => {
      state.aborted = true
      stream.abort(reason)
    },
  }
}

/** Every call that may answer later does, through a point. */
export const pointedProvider = (base: CryptoProvider, points: Points): CryptoProvider => ({
  ...base,
  suites: base.suites.map(({ id, cipher }) => ({
    id,
    cipher: cipher.kind === 'aead' ? pointedCipher(cipher, points) : cipher,
  })),
  groups: base.groups.map((group) => ({
    id: group.id,
    start: () =>
      points.pass('group.start', async () => {
        const exchange = await group.start()
        return {
          share: exchange.share,
          complete: (peer) => points.pass('group.complete', () => exchange.complete(peer)),
        }
      }),
    respond: (peer) => points.pass('group.respond', () => group.respond(peer)),
  })),
  verifiers: base.verifiers.map((verifier) => ({
    ...verifier,
    verify: (key, message, signature) => points.pass('provider.verify', () => verifier.verify(key, message, signature)),
  })),
  signer: (key) => points.pass('provider.signer', async () => pointedSigner(await base.signer(key), points)),
})

const pointedSigner = (signer: Signer, points: Points): Signer => ({
  ...signer,
  sign: (algorithm, message) => points.pass('signer.sign', () => signer.sign(algorithm, message)),
})

const pointedCipher = (cipher: AeadCipher, points: Points): AeadCipher => ({
  ...cipher,
  importKey: (raw) => {
    const copy = raw.slice()
    return points.pass('cipher.importKey', async () => {
      const key = await cipher.importKey(copy)
      return {
        seal: (nonce, additionalData, plaintext, out) =>
          points.pass('key.seal', () => key.seal(nonce, additionalData, plaintext, out)),
        open: (nonce, additionalData, sealed) => {
          const [ownNonce, ownData] = [nonce.slice(), additionalData.slice()]
          return points.pass('key.open', () => key.open(ownNonce, ownData, sealed))
        },
      }
    })
  },
})
