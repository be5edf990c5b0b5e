-- Lab's stand-in for resty.ipmatcher, which only the global rate limit (it needs memcached) uses.
local _M = {}

function _M.new()
  return nil, "the lab's image has no resty.ipmatcher"
end

return _M
