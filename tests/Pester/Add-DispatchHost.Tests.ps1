BeforeAll { . "$PSScriptRoot/Setup.ps1" }

Describe 'Add-DispatchHost' {
    BeforeEach { Remove-Item $env:REMOTE_DISPATCH_HOSTS_FILE -ErrorAction Ignore }

    It 'puts a host into the file that other tools read' {
        Add-DispatchHost gpu1 deploy@gpu1.example.com -Capability gpu, os=linux -Container auto
        $entry = (Get-Content $env:REMOTE_DISPATCH_HOSTS_FILE -Raw | ConvertFrom-Json).hosts.gpu1
        $entry.address | Should -Be 'gpu1.example.com'
        $entry.user | Should -Be 'deploy'
        $entry.transport | Should -Be 'ssh'
        $entry.container | Should -Be 'auto'
        $entry.capabilities | Should -Be 'gpu', 'os=linux'
        [datetime]$entry.added | Should -BeLessOrEqual ([datetime]::UtcNow.AddSeconds(1))
    }

    It 'says nothing unless it is asked to' {
        Add-DispatchHost quiet quiet.example.com | Should -BeNullOrEmpty
        (Add-DispatchHost loud loud.example.com -PassThru).Name | Should -Be 'loud'
    }

    It 'reads user and port from an ssh address' {
        $added = Add-DispatchHost h ssh://deploy@h.example.com:2222 -PassThru
        $added.Address.Host | Should -Be 'h.example.com'
        $added.Address.User | Should -Be 'deploy'
        $added.Address.Port | Should -Be 2222
    }

    It 'reads an IPv6 address' {
        (Add-DispatchHost six 'ssh://[2001:db8::1]:2222' -PassThru).Address.Host | Should -Be '2001:db8::1'
        "$((Get-DispatchHost six).Address)" | Should -Be 'ssh://[2001:db8::1]:2222'
    }

    It 'takes names of a tailnet for Tailscale and others for SSH' {
        (Add-DispatchHost a box.tail1.ts.net -PassThru).Transport | Should -Be 'Tailscale'
        (Add-DispatchHost b 100.64.0.7 -PassThru).Transport | Should -Be 'Tailscale'
        (Add-DispatchHost c 100.128.0.7 -PassThru).Transport | Should -Be 'Ssh'
        (Add-DispatchHost d box.tail1.ts.net -Transport Ssh -PassThru).Transport | Should -Be 'Ssh'
    }

    It 'refuses a name that is taken, and leaves its host as it was' {
        Add-DispatchHost gpu1 one.example.com
        Add-DispatchHost gpu1 two.example.com -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure.Count | Should -Be 1
        $failure[0].FullyQualifiedErrorId | Should -Be 'HostExists,RemoteDispatch.PowerShell.Hosts.AddDispatchHostCommand'
        $failure[0].CategoryInfo.Category | Should -Be 'ResourceExists'
        $failure[0].TargetObject | Should -Be 'gpu1'
        $failure[0].ErrorDetails.RecommendedAction | Should -Match '-Force'
        "$((Get-DispatchHost gpu1).Address)" | Should -Be 'one.example.com'
    }

    It 'puts a host in the place of another with -Force' {
        Add-DispatchHost gpu1 one.example.com -Capability gpu
        Add-DispatchHost gpu1 two.example.com -Force
        "$((Get-DispatchHost gpu1).Address)" | Should -Be 'two.example.com'
        (Get-DispatchHost gpu1).Capabilities | Should -BeNullOrEmpty
    }

    It 'takes a list of hosts by property name, as from a CSV file' {
        $list = "Name,Address,Capability`nweb1,web1.example.com,web`nweb2,deploy@web2.example.com,web" | ConvertFrom-Csv
        $list | Add-DispatchHost
        (Get-DispatchHost -Capability web).Name | Should -Be 'web1', 'web2'
    }

    It 'takes back what Get-DispatchHost gave' {
        Add-DispatchHost gpu1 ssh://deploy@gpu1.example.com:2222 -Capability gpu -WorkspaceRoot ~/work
        $before = Get-DispatchHost gpu1
        Remove-DispatchHost gpu1 -Force
        $before | Add-DispatchHost
        $after = Get-DispatchHost gpu1
        "$($after.Address)" | Should -Be "$($before.Address)"
        $after.Capabilities | Should -Be $before.Capabilities
        $after.WorkspaceRoot | Should -Be '~/work'
    }

    It 'goes on with the next host after one that cannot be added' {
        [pscustomobject]@{ Name = '-bad'; Address = 'x' }, [pscustomobject]@{ Name = 'good'; Address = 'x' } |
            Add-DispatchHost -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure.Count | Should -Be 1
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'InvalidInput,*'
        (Get-DispatchHost).Name | Should -Be 'local', 'good'
    }

    It 'changes nothing with -WhatIf' {
        Add-DispatchHost gpu1 gpu1.example.com -WhatIf
        Test-Path $env:REMOTE_DISPATCH_HOSTS_FILE | Should -BeFalse
    }

    It 'refuses names and addresses that could be anything else' {
        foreach ($name in '-x', '', '../x', 'a b', "a`nb", '$(id)', "a'b", 'a/b', ('x' * 65)) {
            { Add-DispatchHost $name x.example.com -ErrorAction Stop } | Should -Throw -Because "the name is <$name>"
        }
        foreach ($address in '-oProxyCommand=id', 'a b', "a`nb", '$(id)', 'a;id', 'u@-x', 'ssh://h:0', 'ssh://h:99999', 'h:22', "a'b") {
            { Add-DispatchHost x $address -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*' -Because "the address is <$address>"
        }
        (Get-DispatchHost).Name | Should -Be 'local'
    }

    It 'keeps what it does not know in the file' {
        '{"note": 1, "hosts": {"old": {"address": "old.example.com", "transport": "ssh", "rack": 7}}}' | Set-Content $env:REMOTE_DISPATCH_HOSTS_FILE
        Add-DispatchHost new new.example.com
        $file = Get-Content $env:REMOTE_DISPATCH_HOSTS_FILE -Raw | ConvertFrom-Json
        $file.note | Should -Be 1
        $file.hosts.old.rack | Should -Be 7
        $file.hosts.new.address | Should -Be 'new.example.com'
    }

    It 'names the line of a damaged file, and leaves the file as it was' {
        $damaged = "{`"hosts`": {`n  `"a`": {`"address`": `"x`"},,`n}}"
        $damaged | Set-Content $env:REMOTE_DISPATCH_HOSTS_FILE -NoNewline
        { Add-DispatchHost new new.example.com -ErrorAction Stop } | Should -Throw '*line 2*' -ErrorId 'DamagedFile,*'
        Get-Content $env:REMOTE_DISPATCH_HOSTS_FILE -Raw | Should -BeExactly $damaged
    }

    It 'loses none when twenty runspaces add at once' {
        $module = $env:RD_PESTER_MODULE
        1..20 | ForEach-Object -Parallel { Import-Module $using:module; Add-DispatchHost "n$_" "n$_.example.com" } -ThrottleLimit 10
        @(Get-DispatchHost n*).Count | Should -Be 20
    }

    Context 'host keys' {
        BeforeEach { Remove-Item $env:REMOTE_DISPATCH_HOSTS_FILE -ErrorAction Ignore }

        It 'pins a host to a fingerprint without connecting' {
            $pin = 'SHA256:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA'
            (Add-DispatchHost gpu1 (Get-ClosedPort) -HostKeyFingerprint $pin -PassThru).HostKeyFingerprint | Should -BeExactly $pin
            (Get-Content $env:REMOTE_DISPATCH_HOSTS_FILE -Raw | ConvertFrom-Json).hosts.gpu1.hostKey | Should -BeExactly $pin
        }

        It 'pins the key that the host shows now, shows its fingerprint, and reaches the host by it' {
            if (-not $FleetHosts) { Set-ItResult -Skipped -Because 'no sshd is here'; return }
            $address = $FleetHosts[0].address
            $added = Add-DispatchHost pinned $address -TrustHostKey -PassThru -InformationVariable said
            $added.HostKeyFingerprint | Should -Match '^SHA256:[A-Za-z0-9+/]{43}$'
            "$said" | Should -Match ([regex]::Escape($added.HostKeyFingerprint))
            (Test-DispatchHost pinned).Preflight.Where({ $_.Name -eq 'key' }).Detail | Should -BeExactly "pinned $($added.HostKeyFingerprint)"
        }

        It 'refuses what is no fingerprint, and a key for a host that has none' {
            { Add-DispatchHost gpu1 gpu1 -HostKeyFingerprint 'MD5:00:11' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
            { Add-DispatchHost here local -TrustHostKey -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
            { Add-DispatchHost gpu1 gpu1 -TrustHostKey -HostKeyFingerprint 'SHA256:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA' -ErrorAction Stop } |
                Should -Throw -ErrorId 'AmbiguousParameterSet,*'
        }

        It 'asks no host for its key with -WhatIf' {
            { Add-DispatchHost gpu1 (Get-ClosedPort) -TrustHostKey -WhatIf -ErrorAction Stop } | Should -Not -Throw
            Test-Path $env:REMOTE_DISPATCH_HOSTS_FILE | Should -BeFalse
        }

        It 'tells of a host that cannot be asked for its key, and adds nothing' {
            { Add-DispatchHost gpu1 (Get-ClosedPort) -TrustHostKey -ErrorAction Stop } | Should -Throw -ErrorId 'ConnectionRefused,*'
            Test-Path $env:REMOTE_DISPATCH_HOSTS_FILE | Should -BeFalse
        }
    }
}
