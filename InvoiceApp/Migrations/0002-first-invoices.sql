INSERT INTO invoices (id, value, currency) VALUES
    ('I1', 12.15, 'EUR'),
    ('I2', 10.25, 'GBP'),
    ('I3', 66.13, 'DKK');
