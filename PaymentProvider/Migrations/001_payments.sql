-- The ledger. A row is a payment made; it is never changed nor deleted.
CREATE TABLE payments (
    id text PRIMARY KEY CHECK (id <> ''),
    value numeric(19, 4) NOT NULL CHECK (value > 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    paid_at timestamptz NOT NULL DEFAULT now()
);
