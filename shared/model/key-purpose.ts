/**
 * What a data key is for, as its encryption context says: values people keep, or texts that a log must not show. A right
 * on one kind opens nothing of the other.
 */
export type KeyPurpose = 'secrets' | 'masks';
