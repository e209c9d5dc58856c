// Imports each name given and prints how much it exports. Run by scripts/pack-test.ts in a folder with the tarball installed.
const counts = []
for (const name of process.argv.slice(2)) {
  const names = Object.keys(await import(name))
  if (names.length === 0) throw new Error(`${name} exports nothing`)
  // puretls/node stands for modules that have one.
  if (names.includes('default') && !name.startsWith('puretls/node')) throw new Error(`${name} has a default export`)
  counts.push(`${name} ${names.length}`)
}
console.log(`  exports: ${counts.join(', ')}`)
