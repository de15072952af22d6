"""What a policy does to a whole population, in numbers: before it is launched, and against the one that runs now."""
