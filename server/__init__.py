"""The ground and the roof of Yuntiao: kernel, people, units, cases, notices, HTTP."""
