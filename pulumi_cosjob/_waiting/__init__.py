"""Waiting for jobs: the policy and the gate are pure, the loop polls and sleeps."""
