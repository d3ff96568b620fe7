/**
 * A plugin of TypeDoc. A doc comment may link to a class of a lower package that its file does not import, such as an error that is thrown further down. The compiler resolves
 * only what a file imports, so the plugin finds the one exported class, interface, type or function of that name. It also names the modules as they are imported.
 *
 * @param {{ converter: { on(event: string, listener: (context: any) => void): void } }} app
 */
export function load(app) {
  app.converter.on('resolveBegin', ({ project }) => {
    const modules = project.children ?? []
    for (const module of modules) module.name = module.name.replace(/^(\w+)\/src\b/, '@chronicle-ts/$1')
    const exported = new Map()
    for (const one of modules.flatMap((/** @type {any} */ module) => module.children ?? [])) {
      // The first package that declares a name is the lowest one; re-exports are references.
      if (/^[A-Z]/.test(one.name) && !exported.has(one.name) && !one.isReference()) exported.set(one.name, one)
    }
    for (const reflection of Object.values(project.reflections)) linkComment(/** @type {any} */ (reflection).comment, exported)
  })
}

/**
 * @param {{ summary: any[], blockTags: { content: any[] }[] } | undefined} comment
 * @param {Map<string, object>} exported
 */
function linkComment(comment, exported) {
  if (comment === undefined) return
  const parts = [...comment.summary, ...comment.blockTags.flatMap(({ content }) => content)]
  for (const part of parts) {
    const isOpen = part.kind === 'inline-tag' && part.tag === '@link' && part.target === undefined
    if (isOpen && exported.has(part.text.trim())) part.target = exported.get(part.text.trim())
  }
}
