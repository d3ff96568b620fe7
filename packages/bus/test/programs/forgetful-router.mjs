/** `forgetful-router.mjs <root>`: says which strategies there are and ends without closing anything. */
import { RouterDiscovery, SubscriberDiscovery } from '@chronicle-ts/bus'

const discovery = new RouterDiscovery(process.argv[2])
new SubscriberDiscovery(`${process.argv[2]}/market_data/queue/none`, 'router')
console.log(JSON.stringify(discovery.strategies().map(({ strategy }) => strategy)))
