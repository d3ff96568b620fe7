/**
 * Layout of the messages on `orders_out` and `orders_in`. Integers are little-endian; text is ASCII, filled up with zero bytes. An order and its answer
 * share their first 144 bytes, so one codec reads both.
 *
 * ```text
 *        0       1       2       3       4       5       6       7
 *      +---------------------------------------------------------------+
 *    0 |                            orderId                            |
 *      +---------------------------------------------------------------+
 *    8 |                            sentNs                             |
 *      +---------------------------------------------------------------+
 *   16 |                        marketSequence                         |
 *      +---------------------------------------------------------------+
 *   24 |                             price                             |
 *      +---------------------------------------------------------------+
 *   32 |                           quantity                            |
 *      +-------+-------+-----------------------------------------------+
 *   40 | side  | kind  |                     zero                      |
 *      +-------+-------+-----------------------------------------------+
 *   48 |                       strategy (32 bytes)                     |
 *      +---------------------------------------------------------------+
 *   80 |                        venue (32 bytes)                       |
 *      +---------------------------------------------------------------+
 *  112 |                        symbol (32 bytes)                      |
 *      +---------------------------------------------------------------+
 *  144 |                  answeredNs (answers only)                    |
 *      +---------------------------------------------------------------+
 * ```
 *
 * - `orderId`: u64, 1 for a strategy's first order and one more for each that follows, over the life of its queue.
 * - `sentNs`: u64, CLOCK_REALTIME when the order was appended; an answer repeats its order's.
 * - `marketSequence`: u64, sequence of the market-data message at `venue` that led to the order. With `venue` it identifies the decision, and so
 *   makes one order of it also when a restarted strategy reads that message again.
 * - `price`, `quantity`: f64, quote and base currency.
 * - `side`: u8, 1 buy, 2 sell. `kind`: u8, 1 take, 2 make.
 * - `answeredNs`: u64, CLOCK_REALTIME when the answer was appended.
 */
export const ORDER_ID_OFFSET = 0
export const SENT_NS_OFFSET = 8
export const MARKET_SEQUENCE_OFFSET = 16
export const PRICE_OFFSET = 24
export const QUANTITY_OFFSET = 32
export const SIDE_OFFSET = 40
export const KIND_OFFSET = 41
export const STRATEGY_OFFSET = 48
export const VENUE_OFFSET = 80
export const SYMBOL_OFFSET = 112
export const ORDER_LENGTH = 144
export const ANSWERED_NS_OFFSET = 144
export const ANSWER_LENGTH = 152

/** Bytes of each text field. */
export const NAME_LENGTH = 32

/** typeIds of the messages. */
export const ORDER_TYPE = 1
/** The order rests in the book. */
export const ACK_TYPE = 2
/** The order was executed in full. */
export const FILL_TYPE = 3

/** Bytes per segment of both queues: thousands of orders, and small enough to have many strategies. */
export const ORDERS_SEGMENT_SIZE = 1024 * 1024
