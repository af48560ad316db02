// Lets a real engine do a part of a batch only, as DynamoDB does when a table is over its capacity.
// Neither engine of these tests ever leaves anything over by itself.
type Json = Record<string, any>;

/** Less to pass on than was asked for; the answer then lists the rest as not processed. */
export interface Split {
  take: (requests: unknown[]) => unknown[];
}

/** A request cut in two: what the engine gets, and what its answer is to say it left over. */
export function splitBatch(request: Json, { take }: Split): { sent: Json; rest: Json } {
  const [[table, asked]] = Object.entries<any>(request.RequestItems) as [[string, any]];
  const isWrite = Array.isArray(asked);
  const all: unknown[] = isWrite ? asked : asked.Keys;
  const taken = take(all);
  const left = all.filter((one) => !taken.includes(one));
  const part = (some: unknown[]): Json => ({ [table]: isWrite ? some : { ...asked, Keys: some } });
  const rest = left.length === 0 ? {} : part(left);
  return {
    sent: { ...request, RequestItems: part(taken) },
    rest: isWrite ? { UnprocessedItems: rest } : { UnprocessedKeys: rest },
  };
}

/** Passes on one part in `parts` of each of the first `times` batches, and at least one item. */
export function leaveOver(operation: string, parts: number, times = Infinity) {
  return (exchange: { operation: string }, nth: number): Split | undefined => {
    if (exchange.operation !== operation || nth > times) return undefined;
    return { take: (requests) => requests.slice(0, Math.ceil(requests.length / parts)) };
  };
}

/** How many keys or items a batch holds. */
export function batchSize(request: Json): number {
  const [asked] = Object.values<any>(request.RequestItems);
  return (Array.isArray(asked) ? asked : asked.Keys).length;
}
