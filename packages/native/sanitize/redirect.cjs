// Loaded ahead of everything in every process and thread: wherever somebody loads our addon, the sanitized one is loaded.
const { dlopen } = process
process.dlopen = (module, path, ...flags) =>
  dlopen.call(process, module, path.endsWith('chronicle.node') ? process.env.CHRONICLE_SANITIZED_ADDON : path, ...flags)
