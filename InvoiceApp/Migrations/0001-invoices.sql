-- number orders invoices by their creation, for paging and for fair claims; id is what the world calls an invoice, and its payment.
CREATE TABLE invoices (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 100),
    value numeric NOT NULL CHECK (value > 0 AND value < 1000000000000000),
    currency text COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    state text COLLATE "C" NOT NULL DEFAULT 'unpaid' CHECK (state IN ('unpaid', 'claimed', 'paid', 'refused')),
    -- Why it was refused, or why the last attempt to pay it came to nothing.
    reason text,
    -- Who is paying it, and until when that is to be believed; by this server's clock, for the claimants' may differ.
    claimed_by text,
    lease_until timestamptz,
    -- When it was paid or refused.
    decided_at timestamptz,
    CHECK ((state = 'claimed') = (claimed_by IS NOT NULL AND lease_until IS NOT NULL)),
    CHECK ((state IN ('paid', 'refused')) = (decided_at IS NOT NULL)),
    CHECK (state <> 'refused' OR reason IS NOT NULL)
);

-- What is still to be paid, so that a claim costs what it takes, not what there is.
CREATE INDEX invoices_open ON invoices (number) WHERE state IN ('unpaid', 'claimed');
CREATE INDEX invoices_refused ON invoices (number) WHERE state = 'refused';
