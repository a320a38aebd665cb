// Fixtures with a cluster of their own are [Parallelizable]: they wait more than they compute, so there are more workers than processors.
// Those of the cluster under test are not, because that cluster may be one that all of them share.
[assembly: LevelOfParallelism(4)]
