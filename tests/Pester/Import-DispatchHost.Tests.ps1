BeforeAll {
    . "$PSScriptRoot/Setup.ps1"

    function New-TextFile([string] $Name, [string] $Text) {
        $path = Join-Path "$Sandbox/files" $Name
        $null = New-Item -ItemType Directory (Split-Path $path) -Force
        Set-Content -LiteralPath $path $Text -NoNewline
        $path
    }
}

Describe 'Import-DispatchHost' {
    BeforeEach { Remove-Item $env:REMOTE_DISPATCH_HOSTS_FILE -ErrorAction Ignore }

    It 'takes the hosts of an existing script''s file, with members that it does not know' {
        $file = New-TextFile old.json '{"hosts": {"gpu-server": {"address": "192.168.1.100", "transport": "ssh", "container": "auto", "user": "", "added": "2026-02-21T10:00:00Z", "rack": 7}}}'
        Import-DispatchHost $file | Should -BeNullOrEmpty
        "$((Get-DispatchHost gpu-server).Container)" | Should -Be 'auto'
        (Get-Content $env:REMOTE_DISPATCH_HOSTS_FILE -Raw | ConvertFrom-Json).hosts.'gpu-server'.rack | Should -Be 7
    }

    It 'takes the aliases of an ssh_config with its includes, and no wildcards' {
        $null = New-TextFile ssh/conf.d/gpu "Host gpu1 gpu2`n  HostName 10.0.0.7`n  ProxyJump bastion`n"
        $config = New-TextFile ssh/config "Include conf.d/*`nHost bastion *.corp`nHost *`n  User me`n"
        (Import-DispatchHost $config -PassThru).Name | Should -Be 'gpu1', 'gpu2', 'bastion'
        "$((Get-DispatchHost gpu1).Address)" | Should -Be 'gpu1' -Because 'the rest is the business of ssh'
        (Get-DispatchHost gpu1).Transport | Should -Be 'Ssh'
    }

    It 'takes the aliases of the user''s own ssh_config' -Tag Local {
        # The sandbox's home, and not that of whoever runs the suite: that would be $HOME.
        { Import-DispatchHost -FromSshConfig -ErrorAction Stop } | Should -Throw '*/home/.ssh/config*' -ErrorId 'LocalFile,*'
        $null = New-Item -ItemType Directory "$Sandbox/home/.ssh"
        'Host mine' | Set-Content "$Sandbox/home/.ssh/config"
        (Import-DispatchHost -FromSshConfig -PassThru).Name | Should -Be 'mine'
    }

    It 'takes the peers of a tailnet from a file' {
        $file = New-TextFile status.json '{"Self": {"DNSName": "me.t.ts.net."}, "Peer": {"k": {"DNSName": "gpu1.t.ts.net.", "OS": "linux", "Tags": ["tag:gpu"]}}}'
        Import-DispatchHost $file
        $gpu = Get-DispatchHost '@gpu&@os=linux'
        "$($gpu.Address)" | Should -Be 'gpu1.t.ts.net'
        $gpu.Transport | Should -Be 'Tailscale'
    }

    It 'asks tailscale itself, and tells where it is missing' -Tag Local {
        $paths = $env:PATH
        try {
            $null = New-TextFile bin/tailscale "#!/bin/sh`necho '{`"Self`": {}, `"Peer`": {`"k`": {`"DNSName`": `"box.t.ts.net.`", `"OS`": `"macOS`"}}}'`n"
            chmod +x "$Sandbox/files/bin/tailscale"
            $env:PATH = "$Sandbox/files/bin"
            (Import-DispatchHost -FromTailscale -PassThru).Capabilities | Should -Be 'os=macos'
            $env:PATH = "$Sandbox/files/nothing"
            { Import-DispatchHost -FromTailscale -ErrorAction Stop } | Should -Throw -ErrorId 'ClientMissing,*'
        }
        finally {
            $env:PATH = $paths
        }
    }

    It 'takes a table, from a file and from the pipeline' {
        $file = New-TextFile hosts.csv "name,ADDRESS,Capabilities,Port`nweb1,web1.example.com,web;os=linux,2222`nweb2,me@web2.example.com,web,`n"
        Import-DispatchHost $file
        "$((Get-DispatchHost web1).Address)" | Should -Be 'ssh://web1.example.com:2222'
        $fromFile = Get-DispatchHost
        Remove-DispatchHost 'web*' -Force
        Import-Csv $file | Import-DispatchHost
        (Get-DispatchHost).ForEach({ "$_ $($_.Address) $($_.Capabilities)" }) | Should -Be $fromFile.ForEach({ "$_ $($_.Address) $($_.Capabilities)" })
    }

    It 'takes back what Get-DispatchHost gave, and objects and tables with the right properties' {
        Add-DispatchHost gpu1 ssh://deploy@gpu1.example.com:2222 -Capability gpu, os=linux -Container box -WorkspaceRoot ~/work
        $before = Get-DispatchHost
        Remove-DispatchHost gpu1 -Force
        $before | Import-DispatchHost
        (Get-DispatchHost gpu1).Equals($before[1]) | Should -BeTrue
        Get-Content $env:REMOTE_DISPATCH_HOSTS_FILE -Raw | Should -Not -Match '"local"' -Because 'this machine is no entry'
        [pscustomobject]@{ Name = 'a'; Address = 'a1'; Capability = 'x', 'y' }, @{ name = 'b'; address = 'b1' } | Import-DispatchHost
        (Get-DispatchHost a).Capabilities | Should -Be 'x', 'y'
        "$((Get-DispatchHost b).Address)" | Should -Be 'b1'
        Get-DispatchHost gpu1 | Select-Object Name, Address, Capabilities | Import-DispatchHost -Force
        "$((Get-DispatchHost gpu1).Address)" | Should -Be 'ssh://deploy@gpu1.example.com:2222'
    }

    It 'leaves alone what is there, and says so with -Verbose' {
        Add-DispatchHost web1 mine.example.com
        $before = Get-Content $env:REMOTE_DISPATCH_HOSTS_FILE -Raw
        $file = New-TextFile config "Host WEB1`n"
        $said = Import-DispatchHost $file -PassThru -Verbose 4>&1
        $said.Message | Should -Match "'WEB1' already"
        Get-Content $env:REMOTE_DISPATCH_HOSTS_FILE -Raw | Should -BeExactly $before
    }

    It 'puts hosts in the place of others with -Force' {
        Add-DispatchHost web1 mine.example.com -Capability old
        Import-DispatchHost (New-TextFile config "Host web1`n") -Force
        "$((Get-DispatchHost web1).Address)" | Should -Be 'web1'
    }

    It 'gives all that comes in more capabilities' {
        Import-DispatchHost (New-TextFile a.csv "Name,Address,Capabilities`nweb1,x,web`nweb2,y,`n") -Capability new, os=linux
        (Get-DispatchHost web1).Capabilities | Should -Be 'web', 'new', 'os=linux'
        (Get-DispatchHost '@new').Name | Should -Be 'web1', 'web2'
    }

    It 'tells of a bad line by its file and number, and takes the others' {
        $file = New-TextFile bad.csv "Name,Address`nok1,x`n-bad,y`nok2,z`n"
        (Import-DispatchHost $file -PassThru -ErrorAction SilentlyContinue -ErrorVariable failure).Name | Should -Be 'ok1', 'ok2'
        $failure.Count | Should -Be 1
        $failure[0].FullyQualifiedErrorId | Should -Be 'DamagedFile,RemoteDispatch.PowerShell.Hosts.ImportDispatchHostCommand'
        "$($failure[0])" | Should -Match "bad\.csv', line 3: .*-bad"
    }

    It 'tells of a bad object, and takes the others' {
        $failure = $null
        [pscustomobject]@{ Name = 'ok'; Address = 'x' }, [pscustomobject]@{ Name = 'none' }, [pscustomobject]@{ Name = 'OK'; Address = 'y' } |
            Import-DispatchHost -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure.Count | Should -Be 2
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'InvalidInput,*'
        $failure[0].TargetObject.Name | Should -Be 'none'
        (Get-DispatchHost).Name | Should -Be 'local', 'ok'
    }

    It 'tells once of columns that mean nothing' {
        $file = New-TextFile more.csv "Name,Address,Rack`na,x,1`nb,y,2`n"
        $said = Import-DispatchHost $file 3>&1
        @($said).Count | Should -Be 1
        $said.Message | Should -Match "'Rack'"
    }

    It 'tells of capabilities that Export-Csv has lost' {
        Add-DispatchHost gpu1 gpu1.example.com -Capability gpu
        $rows = Get-DispatchHost gpu1 | Select-Object Name, Address, Capabilities | ConvertTo-Csv | ConvertFrom-Csv
        { $rows | Import-DispatchHost -Force -ErrorAction Stop } | Should -Throw '*Export-DispatchHost*'
        (Get-DispatchHost gpu1).Capabilities | Should -Be 'gpu'
    }

    It 'takes several files, and goes on after one that is missing or damaged' {
        $files = (New-TextFile a.json '{"hosts": {"a": {"address": "x"}}}'), "$Sandbox/files/none.json", (New-TextFile broken.json '{"hosts": ['), (New-TextFile b.json '{"hosts": {"b": {"address": "y"}}}')
        Import-DispatchHost $files -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure.FullyQualifiedErrorId.ForEach({ $_ -replace ',.*' }) | Should -Be 'LocalFile', 'DamagedFile'
        (Get-DispatchHost).Name | Should -Be 'local', 'a', 'b'
    }

    It 'reads a file in the form that it is told' {
        $file = New-TextFile odd.txt "Name,Address`na,x`n"
        (Import-DispatchHost $file -Format Csv -PassThru).Name | Should -Be 'a'
        { Import-DispatchHost $file -Format Json -ErrorAction Stop } | Should -Throw -ErrorId 'DamagedFile,*'
    }

    It 'changes nothing with -WhatIf' {
        Import-DispatchHost (New-TextFile config "Host a b`n") -WhatIf
        Test-Path $env:REMOTE_DISPATCH_HOSTS_FILE | Should -BeFalse
    }

    It 'refuses two sources at once' {
        { Import-DispatchHost -Path x.json -FromSshConfig } | Should -Throw -ErrorId 'AmbiguousParameterSet,*'
    }

    It 'changes the file once for all objects of a pipeline' {
        $clock = [System.Diagnostics.Stopwatch]::StartNew()
        1..1000 | ForEach-Object { [pscustomobject]@{ Name = "n$_"; Address = "n$_.example.com"; Capabilities = 'node' } } | Import-DispatchHost
        @(Get-DispatchHost '@node').Count | Should -Be 1000
        $clock.Elapsed.TotalSeconds | Should -BeLessThan 30
    }

    It 'refuses a file of no known form, and warns of one without hosts' {
        $script = New-TextFile env.sh "#!/bin/sh`nexport PORT=22`n"
        { Import-DispatchHost $script -ErrorAction Stop } | Should -Throw '*env.sh*ssh_config*JSON*CSV*Name and Address*' -ErrorId 'DamagedFile,*'
        Import-DispatchHost (New-TextFile none.csv "Name,Address`n") -WarningVariable warnings 3> $null
        $warnings | Should -HaveCount 1
        "$warnings" | Should -BeLike '*none.csv* has no hosts.'
    }

    It 'leaves out the IP address of a Host line that has a name, and says so' {
        $config = New-TextFile aliases/config "Host h1 127.0.77.10`n  Port 2222`n"
        (Import-DispatchHost $config -PassThru -WarningVariable warnings 3> $null).Name | Should -Be 'h1'
        "$warnings" | Should -BeLike '*127.0.77.10 was left out*h1*'
    }
}
