-- Changes of the log's key are asked for with every checkpoint and every receipt, and there are few.
create index ledger_leaf_rotation on ledger_leaf (leaf) where kind = 'rotation';
