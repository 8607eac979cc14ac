"""The business: pricing, selling and booking prepaid electricity and water."""
