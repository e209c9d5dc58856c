// Classes that can be called without `new`, as tls.Server and tls.TLSSocket can: by themselves, and on an object that
// inherits from them in the way that is older than classes.

/** `initialise` does on an existing object what the constructor does. */
export const callable = <C extends new (...args: never[]) => object>(
  Class: C,
  initialise: (self: object, args: unknown[]) => void,
): C & ((...args: ConstructorParameters<C>) => InstanceType<C>) =>
  new Proxy(Class, {
    apply: (target, self: unknown, args) => {
      if (!(self instanceof target)) return Reflect.construct(target, args)
      initialise(self, args)
      return undefined
    },
  }) as C & ((...args: ConstructorParameters<C>) => InstanceType<C>)
