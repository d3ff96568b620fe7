/** `watching-router.mjs <root>`: says each event. */
import { RouterDiscovery } from '@chronicle-ts/bus'

for await (const { kind, strategy } of new RouterDiscovery(process.argv[2])) console.log(JSON.stringify(`${kind} ${strategy}`))
