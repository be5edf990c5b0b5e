"""The lab: throwaway hosts on this machine and a mirror that plays the internet for them."""
